"use strict";

// sRGB (IEC 61966-2-1) of a linear value, as a byte; its steep beginning takes 20 entries of the table for each byte
const bytes = Uint8Array.from({ length: 65537 }, (_, at) => {
  const x = at / 65536;
  return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
});
const encoded = (linear) => bytes[linear < 1 ? Math.round(65536 * linear) : 65536];

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Radiance, three numbers a pixel, of four planes of differences: mantissas of R, G, B and their exponent
async function radianceOf(text, width, height) {
  const planes = await inflated(text), count = width * height;
  for (let at = 0; at < planes.length; at++) if (at % width) planes[at] += planes[at - 1];
  const radiance = new Float32Array(3 * count);
  for (let at = 0; at < count; at++) {
    const scale = 2 ** (planes[3 * count + at] - 136);
    for (let channel = 0; channel < 3; channel++) radiance[3 * at + channel] = planes[channel * count + at] * scale;
  }
  return radiance;
}

async function bytesOf(image, width, height) {
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

const knots = JSON.parse(document.getElementById("palette").textContent);

// The colour at a share of the ramp
function ramp(share) {
  const place = Math.min(Math.max(share, 0), 1) * (knots.length - 1), below = Math.min(Math.floor(place), knots.length - 2);
  return knots[below].map((value, channel) => Math.round(value + (place - below) * (knots[below + 1][channel] - value)));
}

const colours = Array.from({ length: 1024 }, (_, at) => ramp(at / 1023));

const luminance = (radiance, at) => 0.2126 * radiance[at] + 0.7152 * radiance[at + 1] + 0.0722 * radiance[at + 2];

const signed = (stops) => (stops < 0 ? "\u2212" : "+") + Math.abs(stops);

// The viewer of a figure. `more` may add to it: a function of the viewer's parts, which returns any of
//   pixel(): null, or what gives of a source a function that paints one pixel (radiance, from, target, to)
//   painted(names): called after each painting
//   told(name, source, at): the values of a pixel in words
async function view(figure, more = () => ({})) {
  const data = JSON.parse(figure.querySelector("script").textContent), [width, height] = data.size;
  const sources = new Map();
  for (const image of figure.querySelectorAll(".strip img")) {
    const name = image.dataset.name, packed = Object.hasOwn(data.radiance, name);
    sources.set(name, packed
      ? { radiance: await radianceOf(data.radiance[name], width, height) }
      : { bytes: await bytesOf(image, width, height) });
  }
  const part = (selector) => figure.querySelector(selector);
  const left = part(".left"), right = part(".right"), divide = part(".divide"), ev = part(".ev"), inColour = part(".false");
  const canvas = part(".stage"), readout = part(".viewer > .readout");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true }), picture = context.createImageData(width, height);
  const decades = Math.log10(data.high / data.low);
  const added = more({ data, part, sources, repaint });

  // The pixels of a row from a first to before a last
  function paintSpan(source, first, last, gain, coloured, pixel) {
    const target = picture.data, given = source.radiance;
    if (source.bytes) {
      target.set(source.bytes.subarray(4 * first, 4 * last), 4 * first);
    } else if (coloured) {
      for (let at = first; at < last; at++) {
        const share = Math.log10((luminance(given, 3 * at) * data.scale) / data.low) / decades;
        const colour = colours[Math.round(1023 * Math.min(Math.max(share, 0), 1))];
        for (let channel = 0; channel < 3; channel++) target[4 * at + channel] = colour[channel];
      }
    } else if (pixel) {
      const paintPixel = pixel(source);
      for (let at = first; at < last; at++) paintPixel(given, 3 * at, target, 4 * at);
    } else {
      for (let at = first; at < last; at++)
        for (let channel = 0; channel < 3; channel++) target[4 * at + channel] = encoded(given[3 * at + channel] * gain);
    }
    for (let at = first; at < last; at++) target[4 * at + 3] = 255;
  }

  function paint() {
    const gain = data.gain * 2 ** ev.valueAsNumber, border = Math.round((divide.value / 100) * width);
    const ends = [sources.get(left.value), sources.get(right.value)], pixel = added.pixel?.();
    for (let start = 0; start < width * height; start += width) {
      paintSpan(ends[0], start, start + border, gain, inColour.checked, pixel);
      paintSpan(ends[1], start + border, start + width, gain, inColour.checked, pixel);
    }
    context.putImageData(picture, 0, 0);
    part(".seam").style.left = `${divide.value}%`;
    part(".stops").textContent = `EV ${signed(ev.valueAsNumber)}`;
    part(".luminances").hidden = !inColour.checked;
    ev.disabled = inColour.checked || Boolean(pixel);
    canvas.setAttribute("aria-label", `${left.value} left, ${right.value} right of the divider`);
    added.painted?.([left.value, right.value]);
  }

  function value(name, at) {
    const source = sources.get(name);
    if (added.told) return added.told(name, source, at);
    if (source.radiance) return `${name} ${(luminance(source.radiance, 3 * at) * data.scale).toPrecision(3)} ${data.unit}`;
    return `${name} ${Array.from(source.bytes.subarray(4 * at, 4 * at + 3)).join(" ")}`;
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    return [Math.min(Math.max(x, 0), width - 1), Math.min(Math.max(y, 0), height - 1)];
  }

  let waiting = false;
  function repaint() {
    if (!waiting) requestAnimationFrame(() => { waiting = false; paint(); });
    waiting = true;
  }
  for (const control of [left, right, divide, ev, inColour]) control.addEventListener("input", repaint);
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), at = y * width + x;
    readout.textContent = `(${x}, ${y})  ${[...new Set([left.value, right.value])].map((name) => value(name, at)).join(",  ")}`;
    if (event.buttons) {
      divide.value = (100 * x) / (width - 1);
      repaint();
    }
  });
  paint();
  part(".viewer").hidden = false;
  figure.dataset.ready = "";
}
