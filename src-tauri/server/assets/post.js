// Sends the one form of a page that only passes something on; its button does the same.
"use strict";
document.getElementById("pass-on").submit();
