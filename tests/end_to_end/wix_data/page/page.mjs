// An app's page, as its developer writes it: Wix's client, the instance from the address, and a list of
// notes. `backend` comes in the address, too, since every test has one of its own.

import { items } from "@wix/data";
import { createClient } from "@wix/sdk";

const address = new URLSearchParams(location.search);
const backend = address.get("backend");
const wix = createClient({
  modules: { items },
  host: { apiBaseUrl: "backend.example" },
  auth: { getAuthHeaders: async () => ({ headers: { Authorization: address.get("instance") } }) },
  // The client speaks https alone, and the backend of the test has none.
  fetch: (url, init) => fetch(String(url).replace(/^https?:\/\/[^/]+/, backend), init),
});

const element = (id) => document.getElementById(id);

async function show() {
  const { items: notes } = await wix.items.query("notes").contains("title", "").descending("when").find();
  element("notes").replaceChildren(
    ...notes.map(({ title, when }) => {
      const line = document.createElement("li");
      line.textContent = `${title}, ${when instanceof Date ? when.toISOString() : "no date"}`;
      return line;
    }),
  );
}

async function attempt(work) {
  document.body.ariaBusy = "true";
  element("error").textContent = "";
  try {
    await work();
  } catch (error) {
    element("error").textContent = `${error.details?.applicationError?.code}: ${error.message}`;
  }
  document.body.ariaBusy = "false";
}

element("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const note = {
    title: element("title").value,
    when: new Date(Date.UTC(2024, 1, element("notes").children.length + 1)),
  };
  attempt(async () => {
    await wix.items.insert("notes", note);
    await show();
  });
});
element("missing").addEventListener("click", () => attempt(() => wix.items.query("nowhere").find()));
element("wide").addEventListener("click", () =>
  attempt(async () => {
    // Too long for an address, so the client sends it as a body.
    const { length } = (
      await wix.items
        .query("notes")
        .hasSome(
          "title",
          [...Array(900).keys()].map((i) => `note ${i}`),
        )
        .find()
    ).items;
    element("count").textContent = `${length} found`;
  }),
);
attempt(show);
