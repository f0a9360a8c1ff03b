// What Wix says of the caller's site. Your server needs no token of Wix's: it calls through Backlot,
// with the elevated token that came with the request, and Backlot calls Wix as the app on that site.
// `calls` in backlot.toml says which calls may be made.

export function site(backlot) {
  return async (request, response) => {
    const token = request.get("x-backlot-elevated-token");
    const reply = await fetch(new URL("/wix/apps/v1/instance", backlot), { headers: { Authorization: token } });
    const answer = await reply.json();
    if (!reply.ok) return response.status(502).json({ message: `No word from Wix: ${answer.message}` });
    const { siteDisplayName, url } = answer.site;
    return response.json({ name: siteDisplayName, url, isFree: answer.instance.isFree });
  };
}
