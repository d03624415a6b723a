<?php
$xml = file_get_contents(dirname(__DIR__) . '/sp.xml');
$sp = SimpleSAML\Metadata\SAMLParser::parseString($xml)->getMetadata20SP();
$metadata[$sp['entityid']] = $sp + ['validate.authnrequest' => true, 'saml20.sign.assertion' => true];
