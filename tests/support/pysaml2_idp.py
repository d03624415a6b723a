"""An identity provider made of PySAML2: a page over HTTP, told what to do by JSON lines on stdin.

GET /metadata tells what it is. GET /sso takes a signed request and answers with a form for whoever it was told to say
signs in. What it was told last counts: see `answer`.
"""

import base64
import datetime
import html
import http.server
import json
import sys
import threading
import time
import urllib.parse

import saml2
import saml2.assertion
import saml2.config
import saml2.metadata
import saml2.saml
import saml2.server
import saml2.time_util

SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"

server = None
told = {}
asked = None
# How much later it is where answers are made.
offset = 0


class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=offset)


class Clock:
    def gmtime(self, *moment):
        return time.gmtime(*moment) if moment else time.gmtime(time.time() + offset)

    def __getattr__(self, name):
        return getattr(time, name)


def recipient(setup):
    """PySAML2 takes the destination for the recipient, too; a test may want them apart."""

    def apart(authn, sp_entity_id, in_response_to, consumer_url, *rest, **more):
        return setup(authn, sp_entity_id, in_response_to, told.get("recipient", consumer_url), *rest, **more)

    return apart


def conditions(make):
    """Conditions with what a test wants left out."""

    def without(policy, sp_entity_id):
        made = make(policy, sp_entity_id)
        if told.get("without") == "audience":
            made.audience_restriction = []
        return None if told.get("without") == "conditions" else made

    return without


saml2.assertion.Policy.conditions = conditions(saml2.assertion.Policy.conditions)
saml2.time_util.datetime = Later
saml2.time_util.time = Clock()


def configure(origin, folder, service_provider, xmlsec1):
    global server
    config = saml2.config.IdPConfig().load(
        {
            "entityid": origin + "idp",
            "key_file": folder + "/idp.key",
            "cert_file": folder + "/idp.pem",
            "xmlsec_binary": xmlsec1,
            "signing_algorithm": SHA256,
            "digest_algorithm": DIGEST,
            "metadata": {"inline": [service_provider]} if service_provider else {},
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": [(origin + "sso", saml2.BINDING_HTTP_REDIRECT)]},
                    "want_authn_requests_signed": bool(service_provider),
                    "want_authn_requests_only_with_valid_cert": False,
                    "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                }
            },
        }
    )
    server = saml2.server.Server(config=config)
    server.setup_assertion = recipient(server.setup_assertion)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        if parts.path == "/metadata":
            return self.answer(200, str(saml2.metadata.entity_descriptor(server.config)), "text/xml")
        query = {name: values[0] for name, values in urllib.parse.parse_qs(parts.query).items()}
        try:
            return self.answer(200, form(query), "text/html")
        except Exception as error:  # whatever keeps a person out; the test decides
            said = {"refused": type(error).__name__, "message": str(error)}
            return self.answer(403, json.dumps(said), "application/json")

    def answer(self, status, text, kind):
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def form(query):
    global asked, offset
    request = server.parse_authn_request(
        query["SAMLRequest"],
        saml2.BINDING_HTTP_REDIRECT,
        relay_state=query.get("RelayState"),
        sigalg=query.get("SigAlg"),
        signature=query.get("Signature"),
    )
    message = request.message
    asked = {"force": message.force_authn, "signed": "Signature" in query}
    where = server.response_args(message)
    name = saml2.saml.NameID(format=told.get("format", saml2.saml.NAMEID_FORMAT_UNSPECIFIED), text=told["user"])
    offset = told.get("later", 0)
    ends = saml2.time_util.in_a_while(seconds=told["session"]) if told.get("session") else None
    response = server.create_authn_response(
        told.get("attributes", {}),
        in_response_to=told.get("in_response_to", where["in_response_to"]),
        destination=told.get("destination", where["destination"]),
        sp_entity_id=told.get("audience", where["sp_entity_id"]),
        name_id=name,
        issuer=told.get("issuer"),
        authn={"class_ref": told.get("context", saml2.saml.AUTHN_PASSWORD_PROTECTED)},
        sign_response=told.get("sign_response", False),
        sign_assertion=told.get("sign_assertion", True),
        sign_alg=told.get("sign_alg", SHA256),
        digest_alg=DIGEST,
        session_not_on_or_after=ends,
    )
    offset = 0
    fields = {
        "SAMLResponse": base64.b64encode(str(response).encode()).decode(),
        "RelayState": query.get("RelayState", ""),
    }
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    acs = html.escape(message.assertion_consumer_service_url or where["destination"])
    return f'<form method="post" action="{acs}">{inputs}<button id="continue">Continue</button></form>'


def main():
    global told
    http_server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{http_server.server_port}/"
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    print(json.dumps({"port": http_server.server_port}), flush=True)
    for line in sys.stdin:
        said = json.loads(line)
        if "folder" in said:
            configure(origin, said["folder"], said.get("service_provider"), said["xmlsec1"])
        elif "asked" in said:
            pass
        else:
            told = said
        print(json.dumps({"done": True, "asked": asked}), flush=True)


main()
