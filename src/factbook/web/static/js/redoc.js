// Starts ReDoc on the service's own description, in the page's own fonts.
const font = "Inter, system-ui, sans-serif";
globalThis.Redoc.init(
  "/openapi.json",
  {
    hideDownloadButtons: true,
    expandResponses: "200",
    jsonSamplesExpandLevel: 3,
    theme: {
      colors: { primary: { main: "#1d4ed8" } },
      typography: { fontFamily: font, headings: { fontFamily: font }, code: { fontFamily: "ui-monospace, monospace" } },
    },
  },
  document.getElementById("redoc"),
);
