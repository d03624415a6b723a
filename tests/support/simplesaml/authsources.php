<?php
$config = ['people' => [
    'exampleauth:UserPass',
    'sam:a-password-there' => ['uid' => ['sam']],
    'kim:a-password-there' => ['uid' => ['kim']],
]];
