// Sets a password by the link that an admin made: what stands behind the hash of the address is sent once and forgotten.
import { post } from "./api.js";
import { byId } from "./dom.js";

const form = byId("password");
const wrong = byId("wrong");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (!token) wrong.textContent = "This address lacks its link: open the whole line that you were sent.";

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await post("/api/v1/auth/set-password", { token: token || "-", password: form.elements.new.value });
    location.assign("/");
  } catch (problem) {
    wrong.textContent = [problem.message, problem.hint].filter(Boolean).join(" ");
    button.disabled = false;
  }
});
