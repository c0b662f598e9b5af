// The sign-in form: exchanges a key or token for the session cookie and goes where the visitor wanted to.
import { post } from "./api.js";
import { byId } from "./dom.js";

const form = byId("sign-in");
const error = byId("key-error");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  error.textContent = "";
  try {
    await post("/api/v1/auth/sign-in", { token: form.key.value.trim() });
    location.assign(form.dataset.target);
  } catch (problem) {
    error.textContent = problem.message;
    form.key.setAttribute("aria-invalid", "true");
    form.key.focus();
    button.disabled = false;
  }
});
