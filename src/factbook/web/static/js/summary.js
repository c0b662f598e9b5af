// An event in a few words: who or what it is about, and its first properties.

/** Who acted: the user, else the visitor, else nothing. */
export function actor(event) {
  return event.user_id || event.anonymous_id || "";
}

/** What it is about: content, else a resource. */
export function subject(event) {
  return event.content_id || [event.resource_type, event.resource_id].filter(Boolean).join(" ") || "";
}

/** The first `most` properties as [name, value]; nested ones, and what the subject says already, are left to the details. */
export function details(event, most = 4) {
  const said = subject(event).split(" ");
  const plain = Object.entries(event.properties ?? {}).filter(
    ([, value]) => value !== null && typeof value !== "object" && !said.includes(String(value)),
  );
  return plain.slice(0, most).map(([name, value]) => [name, String(value)]);
}

/** The event without the fields that hold nothing; its properties are left as they were sent. */
export function filled(event) {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null && value !== ""));
}
