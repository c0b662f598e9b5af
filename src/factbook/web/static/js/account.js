// One's own account: the password is changed with the one until now.
import { put } from "./api.js";
import { byId, toast } from "./dom.js";
import "./shell.js";

const form = byId("password");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = byId("wrong");
  wrong.textContent = "";
  try {
    await put("/api/v1/auth/password", { old_password: form.elements.old.value, new_password: form.elements.new.value });
    form.reset();
    toast("The password is changed");
  } catch (problem) {
    wrong.textContent = problem.status === 401 ? "The password until now is not right." : [problem.message, problem.hint].filter(Boolean).join(" ");
  }
});
