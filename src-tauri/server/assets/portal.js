// The portal's own links are fragments (`/start/#/console?…`, `/start/#/saml/default/NAME/INSTANCE`), which browsers
// keep to themselves: this hands them to the server. On the sign-in page it has them wait until one is signed in.
// Without script the same accounts and applications stand in the lists.
"use strict";

function wanted() {
  if (/^#\/saml\/(custom|default)\/[^/?#]+\/[^/?#]+$/.test(location.hash)) return "/start" + location.hash.slice(1);
  if (/^#\/console\?/.test(location.hash)) return "/start/console" + location.hash.slice("#/console".length);
  return null;
}

// A form's policy covers where its answers lead, and an application may be at another site: the portal, which is
// reached with the fragment, takes one there.
function later(path) {
  return path.startsWith("/start/console") ? path : "/start/" + location.hash;
}

// The way to an external identity provider, which keeps what is wanted until one comes back.
function goOut(link, path) {
  const way = new URL(link.href);
  if (path && way.searchParams.get("continue") === "/start") way.searchParams.set("continue", later(path));
  link.href = way;
  if ("goes" in link.dataset) location.replace(way);
}

function follow() {
  const path = wanted();
  const out = document.getElementById("external");
  if (out) {
    goOut(out, path);
    return;
  }
  if (!path) return;
  const fields = document.querySelectorAll("main input[name=continue]");
  if (!fields.length) {
    location.replace(path);
    return;
  }
  for (const field of fields) {
    if (field.value === "/start") field.value = later(path);
  }
}

addEventListener("hashchange", follow);
follow();
