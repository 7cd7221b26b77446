import { PNG } from 'pngjs';

// photo is a picture with many colours, which no format makes small.
export function photo(width, height) {
  const png = new PNG({ width, height });
  for (let i = 0; i < png.data.length; i += 4) {
    png.data[i] = (i * 7) % 251;
    png.data[i + 1] = (i >> 9) % 256;
    png.data[i + 2] = ((i * i) >> 11) % 256;
    png.data[i + 3] = 255;
  }
  return { name: 'holiday.png', mimeType: 'image/png', buffer: PNG.sync.write(png) };
}
