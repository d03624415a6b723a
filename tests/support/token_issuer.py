"""An OpenID provider made of PyJWT: a discovery document and keys over HTTP, told what to do by JSON lines on stdin.

{"sign": claims, "with": NAME, "headers": {...}} answers with a token; keys are made as they are named, and "published"
lists those that the provider tells. {"check": token, "keys": URL, "audience": ..., "issuer": ...} checks a token of
somebody else's as a program that trusts them does.
"""

import http.server
import json
import sys
import threading

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

keys = {}
published = ["first"]
fetched = 0


def key(name):
    if name not in keys:
        if name.startswith("ec"):
            keys[name] = (ec.generate_private_key(ec.SECP256R1()), "ES256", jwt.algorithms.ECAlgorithm)
        else:
            keys[name] = (rsa.generate_private_key(65537, 2048), "RS256", jwt.algorithms.RSAAlgorithm)
    return keys[name]


def public(name):
    private, algorithm, kind = key(name)
    told = kind.to_jwk(private.public_key(), as_dict=True)
    return {**told, "kid": name, "alg": algorithm, "use": "sig"}


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global fetched
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/.well-known/openid-configuration":
            body = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
        elif self.path == "/keys":
            fetched += 1
            # One that nobody knows must not take the others with it.
            body = {"keys": [{"kty": "NEW", "kid": "new"}] + [public(name) for name in published]}
        else:
            self.send_error(404)
            return
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def do(asked):
    global published
    if "published" in asked:
        published = asked["published"]
    if "sign" in asked:
        name = asked.get("with", "first")
        private, algorithm, _ = key(name)
        headers = {"kid": name, **asked.get("headers", {})}
        return {"token": jwt.encode(asked["sign"], private, algorithm=algorithm, headers=headers)}
    if "check" in asked:
        signing = jwt.PyJWKClient(asked["keys"]).get_signing_key_from_jwt(asked["check"])
        return {
            "claims": jwt.decode(
                asked["check"],
                signing.key,
                algorithms=["RS256"],
                audience=asked["audience"],
                issuer=asked["issuer"],
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        }
    return {"fetched": fetched}


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}))
    for line in sys.stdin:
        try:
            said = do(json.loads(line))
        except Exception as error:  # the test decides
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said))


main()
