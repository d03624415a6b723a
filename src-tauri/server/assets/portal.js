// The portal's own links are fragments (`/start/#/console?…`, `/start/#/saml/default/NAME/INSTANCE`), which browsers
// keep to themselves: this hands them to the server. On the sign-in page it has them wait until one is signed in.
// Without script the same accounts and applications stand in the lists.
"use strict";

function wanted() {
  if (/^#\/saml\/(custom|default)\/[^/?#]+\/[^/?#]+$/.test(location.hash)) return "/start" + location.hash.slice(1);
  if (/^#\/console\?/.test(location.hash)) return "/start/console" + location.hash.slice("#/console".length);
  return null;
}

function follow() {
  const path = wanted();
  if (!path) return;
  const later = document.querySelectorAll("main input[name=continue]");
  if (!later.length) {
    location.replace(path);
    return;
  }
  for (const field of later) {
    if (field.value !== "/start") continue;
    // A form's policy covers where its answers lead, and an application may be at another site: the portal, which
    // is reached with the fragment, takes one there.
    field.value = path.startsWith("/start/console") ? path : "/start/" + location.hash;
  }
}

addEventListener("hashchange", follow);
follow();
