// Asks for so many seconds with so many calls side by side; prints one JSON line.
const [url, seconds, sideBySide] = process.argv.slice(2);
export const baseURL = url;
export const question = "How do I solve 3x + 5 = 20?";

const percentile = (values, share) =>
  values.length ? values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] : null;

async function loop(ask) {
  const [took, first, texts] = [[], [], new Set()];
  const began = performance.now();
  const stop = began + 1000 * Number(seconds);
  const worker = async () => {
    while (performance.now() < stop) {
      const asked = performance.now();
      const { text, firstAt } = await ask();
      took.push(performance.now() - asked);
      first.push((firstAt ?? performance.now()) - asked);
      texts.add(text);
    }
  };
  await Promise.all(Array.from({ length: Number(sideBySide) }, worker));
  const per_s = took.length / ((performance.now() - began) / 1000);
  return { n: took.length, per_s, p50: percentile(took, 0.5), first_p50: percentile(first, 0.5), texts: [...texts] };
}

export async function measure({ whole, stream }) {
  await whole();
  await stream();
  console.log(JSON.stringify({ whole: await loop(whole), stream: await loop(stream) }));
}
