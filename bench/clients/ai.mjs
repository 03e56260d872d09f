// The Vercel AI SDK with its OpenAI-compatible provider, unchanged.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";
import { baseURL, measure, question } from "./measure.mjs";

const model = createOpenAICompatible({ name: "masterx", baseURL, apiKey: "any", includeUsage: true })("masterx");

await measure({
  async whole() {
    const told = await generateText({ model, prompt: question });
    if (!(told.usage.totalTokens > 0)) throw new Error("no usage");
    return { text: told.text };
  },
  async stream() {
    let text = "";
    let firstAt;
    const told = streamText({ model, prompt: question });
    for await (const piece of told.textStream) {
      firstAt ??= performance.now();
      text += piece;
    }
    if (!((await told.usage).totalTokens > 0)) throw new Error("no usage");
    return { text, firstAt };
  },
});
