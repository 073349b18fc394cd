// The page of `hdrgen view`: tone mapping, histogram, values in EV, and pictures that are dropped on it

const stops = (value) => (value > 0 ? `EV ${signed(Number(Math.log2(value).toFixed(2)))}` : "black");

// What a tone mapper has to know of a whole image: the mean of ln(L / largest + 1e-6), and the largest luminance
function lightOf(radiance) {
  let largest = 0, sum = 0;
  const count = radiance.length / 3;
  for (let at = 0; at < count; at++) largest = Math.max(largest, luminance(radiance, 3 * at));
  for (let at = 0; at < count; at++) sum += Math.log(luminance(radiance, 3 * at) / (largest || 1) + 1e-6);
  return { largest, mean: sum / count };
}

// Contrast of the light of a display: a straight line of log-odds through middle grey. Of a table, since powers take
// long; it is even in roots, which makes it fine in the shadows, and near white, where the curve is steep, there is none
function toneCurve(contrast) {
  if (contrast === 1) return (grey) => grey;
  const pivot = (0.18 / 0.82) ** (1 - contrast), steps = 8192;
  const exact = (grey) => (pivot * grey ** contrast) / (pivot * grey ** contrast + (1 - grey) ** contrast);
  const table = Float64Array.from({ length: steps + 1 }, (_, at) => exact((at / steps) ** 2));
  return (grey) => {
    if (grey > 0.995) return exact(grey);
    const place = Math.sqrt(grey) * steps, at = Math.floor(place);
    return table[at] + (place - at) * (table[at + 1] - table[at]);
  };
}

// Reinhard et al. 2002, global, then contrast and saturation: `hdrgen tonemap` in the light of the display
function toneMapper({ key, burnt, contrast, saturation }, light) {
  const gain = key / (Math.exp(light.mean) * (light.largest || 1)), limit = Math.max(gain * light.largest, 1) * 2 ** -burnt;
  const plain = contrast === 1 && saturation === 1, curve = toneCurve(contrast);
  return (radiance, from, target, to) => {
    const scaled = gain * luminance(radiance, from), factor = (gain * (1 + scaled / (limit * limit))) / (1 + scaled);
    const red = Math.min(radiance[from] * factor, 1), green = Math.min(radiance[from + 1] * factor, 1);
    const blue = Math.min(radiance[from + 2] * factor, 1);
    if (plain) {
      target[to] = encoded(red);
      target[to + 1] = encoded(green);
      target[to + 2] = encoded(blue);
      return;
    }
    const grey = Math.min(0.2126 * red + 0.7152 * green + 0.0722 * blue, 1), toned = curve(grey);
    const ratio = grey > 1e-12 ? toned / grey : 0;
    const r = saturation * (red * ratio - toned), g = saturation * (green * ratio - toned), b = saturation * (blue * ratio - toned);
    const share = Math.min(1, (1 - toned) / Math.max(r, g, b, 1e-12), toned / Math.max(-r, -g, -b, 1e-12));
    target[to] = encoded(Math.max(toned + share * r, 0));
    target[to + 1] = encoded(Math.max(toned + share * g, 0));
    target[to + 2] = encoded(Math.max(toned + share * b, 0));
  };
}

const neutral = { key: 0.18, burnt: 0, contrast: 1, saturation: 1 };

// The command that makes the picture of the whole file, as a shell reads it
function command(name, settings, light) {
  const words = ["hdrgen", "tonemap", /^[\w./@+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`];
  const number = (value) => String(Number(value.toPrecision(4)));
  if (settings.key !== neutral.key) words.push("--key", number(settings.key));
  if (settings.burnt) {
    const gain = settings.key / (Math.exp(light.mean) * (light.largest || 1));
    words.push("--white", number(Math.max(gain * light.largest, 1) * 2 ** -settings.burnt));
  }
  for (const each of ["saturation", "contrast"]) if (settings[each] !== 1) words.push(`--${each}`, number(settings[each]));
  return words.join(" ");
}

// Pixels for each quarter of a stop; what is black is none
function counted(radiance, [low, high]) {
  const counts = new Float64Array(4 * (high - low));
  for (let at = 0; at < radiance.length; at += 3) {
    const value = luminance(radiance, at);
    if (value > 0) counts[Math.min(Math.max(Math.floor(4 * (Math.log2(value) - low)), 0), counts.length - 1)]++;
  }
  return counts;
}

// Stops from the first level above black of 8 bits to white
const shades = Math.log2(255 * 12.92);

// Bars of the left image, a line of the right one, and between two edges what the exposure shows
function drawHistogram(canvas, sides, [low, high], white) {
  const context = canvas.getContext("2d"), { width, height } = canvas, style = getComputedStyle(canvas);
  const place = (stop) => ((stop - low) / (high - low)) * width, foot = height - 16;
  const top = Math.max(1, ...sides.map((counts) => Math.max(...counts)));
  const tall = (count) => Math.sqrt(count / top) * (foot - 4);
  context.clearRect(0, 0, width, height);
  if (white !== null) {
    context.fillStyle = style.getPropertyValue("--soft");
    context.fillRect(place(white - shades), 0, place(white) - place(white - shades), foot);
  }
  context.fillStyle = style.getPropertyValue("--c0");
  sides[0].forEach((count, at) => context.fillRect(place(low + at / 4), foot - tall(count), width / sides[0].length - 1, tall(count)));
  context.strokeStyle = style.getPropertyValue("--c1");
  context.lineWidth = 2;
  context.beginPath();
  (sides[1] ?? []).forEach((count, at) => context.lineTo(place(low + (at + 0.5) / 4), foot - tall(count)));
  context.stroke();
  context.fillStyle = style.getPropertyValue("--quiet");
  context.textAlign = "center";
  context.font = "11px system-ui, sans-serif";
  for (let stop = Math.ceil(low / 2) * 2; stop <= high; stop += 2) {
    const text = signed(stop);
    const half = context.measureText(text).width / 2; // the first and the last stay whole
    context.fillText(text, Math.min(Math.max(place(stop), half), width - half), height - 4);
  }
}

// A photograph that a browser knows, as the light of a display; another page of `hdrgen view` by its radiance
async function dropped(file, width, height) {
  if (/\.html?$/i.test(file.name)) {
    const page = new DOMParser().parseFromString(await file.text(), "text/html");
    const data = JSON.parse(page.querySelector(".scene > script[type='application/json']").textContent);
    const name = data.names[0], [wide, high] = data.size;
    const given = await radianceOf(data.radiance[name], wide, high), radiance = new Float32Array(3 * width * height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const from = 3 * (Math.floor(((y + 0.5) / height) * high) * wide + Math.floor(((x + 0.5) / width) * wide));
        radiance.set(given.subarray(from, from + 3), 3 * (y * width + x));
      }
    return { name, radiance, light: data.light[name] };
  }
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(await createImageBitmap(file), 0, 0, width, height);
  const pixels = context.getImageData(0, 0, width, height).data, radiance = new Float32Array(3 * width * height);
  const linear = Float32Array.from({ length: 256 }, (_, at) => (at <= 10 ? at / 255 / 12.92 : ((at / 255 + 0.055) / 1.055) ** 2.4));
  for (let at = 0; at < width * height; at++)
    for (let channel = 0; channel < 3; channel++) radiance[3 * at + channel] = linear[pixels[4 * at + channel]];
  return { name: file.name, radiance, light: lightOf(radiance) };
}

function offered(figure) {
  return ({ data, part, sources, repaint }) => {
    const light = new Map(Object.entries(data.light)), counts = new Map(), [width, height] = data.size;
    const sliders = ["key", "burnt", "contrast", "saturation"], mapped = part(".mapped"), told = part(".dropped");
    const settings = () => ({
      key: 0.18 * 2 ** part(".key").valueAsNumber, burnt: part(".burnt").valueAsNumber,
      contrast: part(".contrast").valueAsNumber, saturation: part(".saturation").valueAsNumber,
    });
    for (const control of [mapped, ...sliders.map((name) => part(`.${name}`))]) control.addEventListener("input", repaint);
    for (const name of sliders) part(`.${name}`).addEventListener("input", () => { mapped.checked = true; });

    async function take(files) {
      const chosen = [];
      for (const file of files) {
        try {
          const { name, ...source } = await dropped(file, width, height);
          let free = name;
          for (let at = 2; sources.has(free); at++) free = `${name} (${at})`;
          sources.set(free, source);
          light.set(free, source.light);
          for (const side of [part(".left"), part(".right")]) side.add(new Option(free, free));
          chosen.push(free);
        } catch {
          told.textContent = `${file.name}: expected a picture that browsers show, or a page of hdrgen view; run hdrgen view on it`;
        }
      }
      if (chosen.length > 1) part(".left").value = chosen.at(-2);
      if (chosen.length) {
        part(".right").value = chosen.at(-1);
        told.textContent = `${chosen.join(", ")} joined, at ${width} x ${height}`;
        repaint();
      }
    }
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => { event.preventDefault(); figure.taken = take(event.dataTransfer.files); });
    part(".files").addEventListener("change", (event) => { figure.taken = take(event.target.files); });

    return {
      pixel() {
        if (!mapped.checked) return null;
        const made = new Map(Array.from(sources, ([name, source]) => [source, toneMapper(settings(), light.get(name))]));
        return (source) => made.get(source);
      },
      painted(names) {
        for (const name of sliders) part(`.${name}-told`).textContent = settings()[name].toFixed(2);
        const shown = names.filter((name) => sources.get(name).radiance);
        for (const name of shown) if (!counts.has(name)) counts.set(name, counted(sources.get(name).radiance, data.stops));
        const white = mapped.checked || part(".false").checked ? null : -Math.log2(data.gain) - part(".ev").valueAsNumber;
        drawHistogram(part(".histogram"), [...new Set(shown)].map((name) => counts.get(name)), data.stops, white);
        part(".command").textContent = mapped.checked ? command(data.files[names[0]] ?? names[0], settings(), light.get(names[0])) : "";
      },
      told(name, { radiance }, at) {
        const values = Array.from(radiance.subarray(3 * at, 3 * at + 3), (value) => value.toPrecision(3));
        const value = luminance(radiance, 3 * at);
        return `${name} RGB ${values.join(" ")}, luminance ${value.toPrecision(3)}, ${stops(value)}`;
      },
    };
  };
}

const shown = document.querySelector(".scene");
if ("DecompressionStream" in window) {
  view(shown, offered(shown)).then(() => { document.documentElement.dataset.ready = ""; });
}
