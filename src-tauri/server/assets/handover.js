// Takes the ticket out of the page's address, where history would keep it, and sends it.
"use strict";
const form = document.getElementById("handover");
const ticket = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
addEventListener("hashchange", () => location.reload());
if (ticket) {
  form.elements.ticket.value = ticket;
  form.submit();
} else {
  document.getElementById("no-ticket").hidden = false;
}
