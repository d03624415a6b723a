<?php
// SimpleSAMLphp as an identity provider in a folder of a test's own.
$here = dirname(__DIR__);
$config = [
    'baseurlpath' => getenv('IDP_ORIGIN') . '/',
    'certdir' => "$here/cert/",
    'loggingdir' => "$here/",
    'datadir' => "$here/",
    'tempdir' => "$here/temporary",
    'metadatadir' => "$here/metadata",
    'metadata.sources' => [['type' => 'flatfile', 'directory' => "$here/metadata"]],
    'logging.handler' => 'file',
    'secretsalt' => bin2hex(random_bytes(16)),
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'timezone' => 'UTC',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession',
    'session.cookie.secure' => false,
    'session.phpsession.savepath' => "$here/sessions",
    'language.available' => ['en'],
    'language.default' => 'en',
];
