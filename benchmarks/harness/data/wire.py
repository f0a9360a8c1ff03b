"""Requests of Wix Data v2 as `@wix/data` sends them."""

import base64
import json

ITEMS = "/wix-data/v2/items"
BULK_INSERT = "/wix-data/v2/bulk/items/insert"
JSON_HEADER = {"Content-Type": "application/json"}


def item_path(collection: str, item_id: str) -> str:
    """For `items.get`."""
    return f"{ITEMS}/{item_id}?dataCollectionId={collection}&dataItemId={item_id}"


def query_path(collection: str, limit: int, filters: dict | None = None) -> str:
    """For `items.query(…).limit(…).find()`."""
    query = {"fields": [], "paging": {"limit": limit}, "filter": filters or {}, "sort": []}
    text = to_json({"dataCollectionId": collection, "query": query})
    return f"{ITEMS}/query?.r=" + base64.urlsafe_b64encode(text).decode().rstrip("=")


def insert_body(collection: str, data: dict) -> bytes:
    """For `items.insert`."""
    return to_json({"dataCollectionId": collection, "dataItem": {"data": data}})


def bulk_body(collection: str, data: list[dict]) -> bytes:
    """For `items.bulkInsert`; an item may bring its `_id`."""
    items = [{"id": one["_id"], "data": one} if "_id" in one else {"data": one} for one in data]
    return to_json({"dataCollectionId": collection, "dataItems": items})


def to_json(value: object) -> bytes:
    """As JavaScript writes it: without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()
