// Where a picture lies beneath the square that is cut out of it. The square has
// the side 1; x and y are the middle of the square in the picture, from 0 to 1 of
// its width and height; zoom 1 is the largest square that fits in.

export interface Cut {
  zoom: number;
  x: number;
  y: number;
}
export const whole: Cut = { zoom: 1, x: 0.5, y: 0.5 };
export const maxZoom = 6;

// side is that of the square, in pixels of the picture.
export const side = (width: number, height: number, zoom: number): number => Math.min(width, height) / zoom;

// fit keeps the square within the picture.
export function fit(cut: Cut, width: number, height: number): Cut {
  const zoom = Math.min(maxZoom, Math.max(1, cut.zoom));
  const half = side(width, height, zoom) / 2;
  const within = (at: number, length: number) => Math.min(1 - half / length, Math.max(half / length, at));
  return { zoom, x: within(cut.x, width), y: within(cut.y, height) };
}

// moved follows a finger: dx and dy are parts of the square's side.
export function moved(cut: Cut, dx: number, dy: number, width: number, height: number): Cut {
  const s = side(width, height, cut.zoom);
  return fit({ ...cut, x: cut.x - (dx * s) / width, y: cut.y - (dy * s) / height }, width, height);
}

// source is the square in pixels of the picture.
export function source(cut: Cut, width: number, height: number): { x: number; y: number; side: number } {
  const s = side(width, height, cut.zoom);
  return { x: cut.x * width - s / 2, y: cut.y * height - s / 2, side: s };
}
