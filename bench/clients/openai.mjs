// The `openai` package, unchanged.
import OpenAI from "openai";
import { baseURL, measure, question } from "./measure.mjs";

const client = new OpenAI({ baseURL, apiKey: "any" });
const request = { model: "masterx", messages: [{ role: "user", content: question }] };

await measure({
  async whole() {
    const told = await client.chat.completions.create(request);
    return { text: told.choices[0].message.content };
  },
  async stream() {
    let text = "";
    let firstAt;
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      const piece = chunk.choices[0]?.delta?.content ?? "";
      if (piece) firstAt ??= performance.now();
      text += piece;
    }
    return { text, firstAt };
  },
});
