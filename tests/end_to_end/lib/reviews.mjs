// The demo page's board of reviews, as a person uses it; and Wix's own client for that page.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { suite } from "./paths.mjs";

// Puts Wix's client where `scripts/demo-client` puts it: in the data folder, before the program starts.
export async function putWixClient(data) {
  mkdirSync(data, { recursive: true });
  const entry = `
    export { createClient } from "@wix/sdk/client";
    export { items, collections } from "@wix/data";
    export const name = "@wix/data, the real one";`;
  await build({
    stdin: { contents: entry, resolveDir: suite },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outfile: join(data, "demo-client.js"),
    logLevel: "error",
  });
}

// `save` presses the button and waits until the page has answered.
export function boardOf(frame) {
  const idle = async () => {
    await frame.locator("#review-save:enabled").waitFor();
    await frame.locator('#reviews-board[aria-busy="false"]').waitFor();
  };
  const rows = frame.getByTestId("review");
  const row = (title) => rows.filter({ has: frame.locator(".review-title", { hasText: title }) });

  async function fill({ title, product, rating, text }) {
    if (title !== undefined) await frame.getByTestId("review-title").fill(title);
    if (product !== undefined) await frame.getByTestId("review-product").fill(product);
    if (rating !== undefined) await frame.getByTestId("review-rating").selectOption(String(rating));
    if (text !== undefined) await frame.getByTestId("review-text").fill(text);
  }

  async function save() {
    await frame.getByTestId("review-save").click();
    await idle();
  }

  const shownText = async (testId) => {
    const found = frame.getByTestId(testId);
    return (await found.isVisible()) ? found.textContent() : "";
  };

  return {
    idle,
    row,
    fill,
    save,
    add: async (review) => {
      await fill(review);
      await save();
    },
    edit: (title) => row(title).getByTestId("review-edit").click(),
    // Two presses: the first only asks.
    remove: async (title) => {
      await row(title).getByTestId("review-delete").click();
      await row(title).getByTestId("review-delete").click();
      await row(title).waitFor({ state: "detached" });
      await idle();
    },
    filter: async (rating) => {
      await frame.getByTestId("reviews-rating").selectOption(rating === null ? "" : String(rating));
      await idle();
    },
    more: async () => {
      const before = await rows.count();
      await frame.getByTestId("reviews-more").click();
      await rows.nth(before).waitFor();
    },
    by: async (proof) => {
      await frame.getByTestId(`reviews-by-${proof}`).check();
      await idle();
    },
    cancel: () => frame.getByTestId("review-cancel").click(),
    form: async () => ({
      heading: await frame.locator("#review-form-title").textContent(),
      title: await frame.getByTestId("review-title").inputValue(),
    }),
    focused: () => frame.evaluate(() => document.activeElement.id),
    rules: () => frame.locator("#reviews-rules").textContent(),
    titles: () => frame.locator(".review-title").allTextContents(),
    count: () => frame.getByTestId("reviews-count").textContent(),
    hasMore: () => frame.getByTestId("reviews-more").isVisible(),
    client: () => frame.getByTestId("reviews-client").textContent(),
    formError: () => shownText("reviews-form-error"),
    listError: () => shownText("reviews-list-error"),
  };
}
