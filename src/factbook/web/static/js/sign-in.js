// The sign-in forms: e-mail address and password, or a key or token, for the session cookie; then where the visitor wanted to go.
import { post } from "./api.js";
import { byId } from "./dom.js";

function signIn(form, field, said, body) {
  const error = byId(said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    error.textContent = "";
    try {
      await post("/api/v1/auth/sign-in", body());
      location.assign(form.dataset.target);
    } catch (problem) {
      error.textContent = problem.status === 429 ? `${problem.message} ${problem.hint}` : problem.message;
      field.setAttribute("aria-invalid", "true");
      field.focus();
      button.disabled = false;
    }
  });
}

const byPassword = byId("by-password");
const byKey = byId("sign-in");
signIn(byPassword, byPassword.password, "password-error", () => {
  const { email, password, tenant } = byPassword.elements;
  return { email: email.value, password: password.value, ...(tenant ? { tenant: tenant.value } : {}) };
});
signIn(byKey, byKey.key, "key-error", () => ({ token: byKey.key.value.trim() }));
