// A stand-in for the little of `@wix/sdk` and `@wix/data` that this page uses, with the same calls and
// the same errors, so that the page's code is what an app's would be. Wix's own client takes its place
// when `scripts/demo-client` has fetched it: parts of that are not free to hand on inside this program.

export const name = "a stand-in with the calls of @wix/data";

const PLACE = "https://www.wixapis.com/wix-data/v2";

// A date is {"$date": "…"} on the wire.
function written(value) {
  return JSON.stringify(value, function write(key, plain) {
    return this[key] instanceof Date ? { $date: this[key].toISOString() } : plain;
  });
}

function read(text) {
  return JSON.parse(text, (key, value) => (typeof value?.$date === "string" ? new Date(value.$date) : value));
}

export function createClient({ auth, fetch, modules }) {
  async function ask(method, path, body) {
    const { headers } = await auth.getAuthHeaders();
    const reply = await fetch(PLACE + path, {
      method,
      headers: { ...headers, "Content-Type": "application/json" },
      body: body && written(body),
    });
    const json = read((await reply.text()) || "{}");
    if (reply.ok) return json;
    throw Object.assign(new Error(json.message || reply.statusText), { details: json.details });
  }
  return Object.fromEntries(Object.entries(modules).map(([key, module]) => [key, module(ask)]));
}

async function pageOf(ask, request, words) {
  const { dataItems, pagingMetadata } = await ask("POST", "/items/query", { ...words, ...request });
  const { cursors = {}, hasNext, total } = pagingMetadata;
  const { paging, cursorPaging, fields } = request.query;
  const { limit = 50, offset = 0 } = paging ?? cursorPaging;
  const further = cursors.next
    ? { fields, cursorPaging: { limit, cursor: cursors.next } }
    : { ...request.query, paging: { limit, offset: offset + limit } };
  return {
    items: dataItems.map((item) => item.data),
    totalCount: total,
    hasNext: () => hasNext ?? Boolean(cursors.next),
    next: () => pageOf(ask, { ...request, query: further }, words),
  };
}

function queryOf(ask, dataCollectionId, query) {
  const also = (part) => queryOf(ask, dataCollectionId, { ...query, ...part });
  const filtered = (condition) => also({ filter: { $and: [...(query.filter.$and ?? []), condition] } });
  const sorted = (fieldName, order) => also({ sort: [...query.sort, { fieldName, order }] });
  return {
    eq: (field, value) => filtered({ [field]: value }),
    ge: (field, value) => filtered({ [field]: { $gte: value } }),
    ascending: (field) => sorted(field, "ASC"),
    descending: (field) => sorted(field, "DESC"),
    limit: (limit) => also({ paging: { ...query.paging, limit } }),
    find: (options) => pageOf(ask, { dataCollectionId, query }, options),
  };
}

export function items(ask) {
  const change = async (path, dataCollectionId, words) =>
    (await ask("POST", `/items${path}`, { dataCollectionId, ...words })).dataItem.data;
  const whole = (data) => ({ dataItem: { id: data._id, data } });
  return {
    query: (collection) => queryOf(ask, collection, { filter: {}, sort: [], fields: [], paging: {} }),
    insert: (collection, data) => change("", collection, whole(data)),
    update: (collection, data) => change("/update", collection, whole(data)),
    remove: (collection, dataItemId) => change("/remove", collection, { dataItemId }),
  };
}

export function collections(ask) {
  return {
    getDataCollection: async (id) => (await ask("GET", `/collections/${id}?dataCollectionId=${id}`)).collection,
  };
}
