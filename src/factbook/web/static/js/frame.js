// One redraw a frame: however many messages come in, each drawer runs at most once before the next paint.

const waiting = new Set();
let asked = false;

export function redraw(drawer) {
  waiting.add(drawer);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const drawers = [...waiting];
    waiting.clear();
    for (const draw of drawers) draw();
  });
}
