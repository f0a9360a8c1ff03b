// The board: reviews of this site, kept in the backend's database, by the calls of Wix's own client.

import { announce } from "./result.js";
import { clientName, makeClient, makeCredential, snippet } from "./reviews_client.js";
import { clearForm, editReview, isChanging, startForm } from "./reviews_form.js";
import { focusList, showReviews } from "./reviews_list.js";
import { rulesInWords } from "./reviews_rules.js";
import { forgetTrouble, showTrouble } from "./reviews_trouble.js";

const COLLECTION = "reviews";
const PAGE = 5;
const byId = (id) => document.getElementById(id);

export function startReviews({ backend, instance, role, me }) {
  const credential = makeCredential(instance, () => byId("reviews-by-token").checked);
  const { items, collections } = makeClient(backend, credential);
  let page = null;
  let reviews = [];
  let asked = 0;

  // Does one thing; the trouble it meets is shown. True when there was none.
  async function attempt(place, what, work) {
    forgetTrouble();
    try {
      await work();
      return true;
    } catch (error) {
      credential.forgetToken();
      showTrouble(place, what, error);
      return false;
    }
  }

  function show() {
    showReviews(reviews, { me, role, edit: editReview, remove });
    const total = page?.totalCount ?? reviews.length;
    const some = reviews.length < total ? `${reviews.length} of ${total} reviews` : `${total} ${total === 1 ? "review" : "reviews"}`;
    const none = byId("reviews-rating").value ? "No review has this rating." : "No reviews here yet.";
    byId("reviews-count").textContent = reviews.length ? some : none;
    byId("reviews-more").hidden = !page?.hasNext();
  }

  async function take(found, before) {
    const number = ++asked;
    const next = await found;
    if (number !== asked) return;
    page = next;
    const known = new Set(before.map((review) => review._id));
    reviews = [...before, ...next.items.filter((review) => !known.has(review._id))];
    show();
  }

  let waiting = 0;
  async function busily(work) {
    const show = () => byId("reviews-board").setAttribute("aria-busy", String(waiting > 0));
    waiting += 1;
    show();
    await work;
    waiting -= 1;
    show();
  }

  function load() {
    const rating = Number(byId("reviews-rating").value);
    const all = items.query(COLLECTION).descending("_createdDate").limit(PAGE);
    const query = rating ? all.eq("rating", rating) : all;
    return busily(attempt("list", "The reviews cannot be shown.", () => take(query.find({ returnTotalCount: true }), [])));
  }

  // The list grows above the button, which goes with the last page: the keyboard goes on at what is new.
  async function more() {
    const first = reviews.length;
    if (await attempt("list", "There is more, but it cannot be shown.", () => take(page.next(), reviews))) focusList(first);
  }

  async function save(review) {
    const verb = review._id ? "update" : "insert";
    const kept = await attempt("form", "Not saved.", () => items[verb](COLLECTION, review));
    if (!kept) return false;
    announce("Saved.");
    await load();
    return true;
  }

  async function remove(review) {
    if (!(await attempt("list", "Not deleted.", () => items.remove(COLLECTION, review._id)))) return;
    if (isChanging(review)) clearForm();
    announce("Deleted.");
    await load();
    // The row is gone, and with it the place of the keyboard, unless that has gone elsewhere meanwhile.
    if (document.activeElement === document.body) focusList();
  }

  async function showRules() {
    if (role !== "owner") return;
    const { permissions } = await collections.getDataCollection(COLLECTION);
    byId("reviews-rules").textContent = rulesInWords(permissions);
  }

  startForm(save);
  byId("reviews-rating").addEventListener("change", load);
  byId("reviews-more").addEventListener("click", more);
  byId("reviews-by-instance").addEventListener("change", load);
  byId("reviews-by-token").addEventListener("change", load);
  byId("reviews-client").textContent = clientName;
  byId("reviews-snippet").textContent = snippet(backend);
  return busily(Promise.all([load(), showRules().catch(() => {})]));
}
