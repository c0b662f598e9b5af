// Starts Swagger UI on the service's own description; the validator badge would call another site, so it is off. Groups
// open one by one: Swagger UI never finishes drawing more than some 130 operations at once.
globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
