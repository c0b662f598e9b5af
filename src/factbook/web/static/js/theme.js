// Applies the remembered or the system's theme before the first paint; a classic script, because a module would come too late.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const remembered = localStorage.getItem("factbook.theme");
    document.documentElement.dataset.theme = remembered ?? (system.matches ? "dark" : "light");
    document.dispatchEvent(new CustomEvent("theme"));
  };
  system.addEventListener("change", apply);
  apply();
  globalThis.factbookTheme = {
    toggle() {
      const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      // Back in step with the system: forget the choice, so that the page follows the system again.
      if (next === (system.matches ? "dark" : "light")) localStorage.removeItem("factbook.theme");
      else localStorage.setItem("factbook.theme", next);
      apply();
    },
  };
})();
