"""A service provider made of PySAML2: pages over HTTP, told what to do by JSON lines on stdin.

GET /sign-in?binding=redirect|post starts a sign-in; POST /acs takes the answer. It answers 200 with whom it
greets, or 403 with the exception that PySAML2 raised.
"""

import http.server
import json
import sys
import threading
import urllib.parse

import saml2
import saml2.client
import saml2.config
import saml2.time_util

BINDINGS = {"redirect": saml2.BINDING_HTTP_REDIRECT, "post": saml2.BINDING_HTTP_POST}

real_now = saml2.time_util.utc_now
later = 0
client = None
provider = None
# As PySAML2 wants it: the requests that wait for an answer, by id.
outstanding = {}


def configure(told):
    global client, provider
    sp = {
        "endpoints": {"assertion_consumer_service": [(told["acs"], saml2.BINDING_HTTP_POST)]},
        "allow_unsolicited": told["unsolicited"],
        "authn_requests_signed": told["sign"],
        "want_assertions_signed": True,
        "want_response_signed": True,
    }
    keys = {}
    if told["keys"]:
        own = {"key_file": told["keys"] + "/sp.key", "cert_file": told["keys"] + "/sp.pem"}
        keys = {**own, "encryption_keypairs": [own]}
    config = saml2.config.SPConfig().load(
        {
            **keys,
            # PySAML2 would sign with SHA-1.
            "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
            "entityid": told["entity_id"],
            "service": {"sp": sp},
            "metadata": {"inline": told["metadata"]},
            "xmlsec_binary": told["xmlsec1"],
            "allow_unknown_attributes": True,
            "accepted_time_diff": 5,
        }
    )
    client = saml2.client.Saml2Client(config)
    provider = told["provider"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        binding = BINDINGS[query["binding"][0]]
        request_id, made = client.prepare_for_authenticate(provider, relay_state="a/b c&d", binding=binding)
        outstanding[request_id] = "/"
        if binding == saml2.BINDING_HTTP_REDIRECT:
            self.send_response(302)
            self.send_header("Location", dict(made["headers"])["Location"])
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.answer(200, made["data"].replace('type="submit"', 'type="submit" id="continue"'), "text/html")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
        try:
            response = client.parse_authn_request_response(
                form["SAMLResponse"], saml2.BINDING_HTTP_POST, outstanding=outstanding
            )
            if response is None:
                raise ValueError("PySAML2 gave no reason")
        except Exception as error:  # whatever keeps a person out; the test decides
            said = {"refused": type(error).__name__, "message": str(error)}
            return self.answer(403, json.dumps(said), "application/json")
        outstanding.pop(response.in_response_to, None)
        said = {
            "name_id": response.name_id.text,
            "format": response.name_id.format,
            "attributes": response.ava,
            "in_response_to": response.in_response_to,
            "relay_state": form.get("RelayState"),
            "session_ends": response.session_not_on_or_after,
        }
        return self.answer(200, json.dumps(said), "application/json")

    def answer(self, status, text, kind):
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def main():
    global later
    saml2.time_util.utc_now = lambda: real_now() + later
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        if "later" in told:
            later = told["later"]
        else:
            configure(told)
        print(json.dumps({"done": True}), flush=True)


main()
