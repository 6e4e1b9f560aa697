"""The API's page for people: its routes as plain HTML, drawn from the OpenAPI document."""

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}code{background:#eee;padding:.1em .3em}"
)


def page(document: dict[str, Any]) -> str:
    """HTML that needs nothing from elsewhere."""
    title = escape(document["info"]["title"])
    rows = "".join(_rows(document["paths"]))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title} {escape(document['info']['version'])}</h1>"
        "<p>Send <code>Authorization: Bearer TOKEN</code>; address and token stand in <code>api.json</code> in the data "
        'directory. The whole description: <a href="/v1/openapi.json">openapi.json</a>. '
        "The event stream is a WebSocket at <code>/v1/events?from=SEQ</code>.</p>"
        f"<dl>{rows}</dl></html>"
    )


def _rows(paths: dict[str, Any]) -> Iterator[str]:
    for path, item in sorted(paths.items()):
        for method in ("get", "post"):
            if method in item:
                named = [p["name"] for p in item[method].get("parameters", []) if p.get("in") == "query"]
                query = f" ?{' &amp; '.join(map(escape, named))}" if named else ""
                said = escape(item[method].get("description") or item[method].get("summary") or "")
                yield f"<dt><code>{method.upper()} {escape(path)}{query}</code></dt><dd>{said}</dd>"
