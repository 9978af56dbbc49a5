"""A page packed into a small one that unpacks itself in the reader's browser.

For `snakemake --report` as one HTML file: there every page stands inside an address (`data:`), and Chromium shows no address
longer than 2 MB. A packed page is a fifth of the page's size. It needs scripts, as that report does; the page itself doesn't.
"""

import base64
import gzip
import html

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<p id="packed">This page is packed, and unpacks itself where scripts may run. Unpacked it is the file {title}.</p>
<script>
(async () => {{
  const packed = Uint8Array.from(atob("{packed}"), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = await new Response(stream).text();
  document.open();
  document.write(page);
  document.close();
}})();
</script>
</body>
</html>
"""


def packed(page: str, name: str) -> str:
    """`page`, a self-contained HTML page, as one that unpacks itself. `name` is what the page is called till then.

    The same page gives the same text.
    """
    data = base64.b64encode(gzip.compress(page.encode(), compresslevel=9, mtime=0)).decode("ascii")
    return _PAGE.format(title=html.escape(name), packed=data)
