// Numbers and times for people.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (value) => whole.format(value);

// [number, unit]
export function short(value, unit = "") {
  const steps = [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ];
  for (const [size, letter] of steps) {
    if (value >= size) {
      const scaled = value / (letter === "k" ? 1e3 : size);
      return [scaled.toFixed(scaled < 100 ? 1 : 0), letter + unit];
    }
  }
  return [value > 0 && value < 10 ? value.toFixed(1) : whole.format(value), unit];
}

export function bytes(value, unit = "") {
  const steps = [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
  ];
  for (const [size, name] of steps) {
    if (value >= size) return [(value / size).toFixed(value / size < 100 ? 1 : 0), name + unit];
  }
  return [whole.format(value), "B" + unit];
}

export function ms(value) {
  if (value === null || value === undefined) return ["–", ""];
  if (value < 1) return [whole.format(value * 1000), "µs"];
  if (value < 1000) return [value.toFixed(value < 10 ? 2 : 1), "ms"];
  return [(value / 1000).toFixed(1), "s"];
}

export const joined = ([number, unit]) => (unit ? `${number} ${unit}` : number);

export function duration(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86400)
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function clock(wall) {
  const time = new Date(wall);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

// What steers a line or its direction instead of being seen, made visible: a player's text must not
// rearrange an operator's page.
export function visible(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}
