// The portal's own links to applications are fragments (`/start/#/saml/default/NAME/INSTANCE`), which browsers
// keep to themselves: this hands them to the server. Without script the same applications stand in the list.
"use strict";
function follow() {
  if (/^#\/saml\/(custom|default)\/[^/?#]+\/[^/?#]+$/.test(location.hash)) {
    location.replace("/start" + location.hash.slice(1));
  }
}
addEventListener("hashchange", follow);
follow();
