<?php
$format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
$metadata[getenv('IDP_ORIGIN') . '/idp'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.pem',
    'auth' => 'people',
    'NameIDFormat' => $format,
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => $format]],
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'redirect.validate' => true,
];
