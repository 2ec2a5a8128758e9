<?php
// written by setup:upgrade; 'modules' => ['Not_This' => 1]
return [
    'scopes' => ['websites' => ['admin' => ['website_id' => '0', 'name' => "It's \\ [fine] => 1,"]]],
    /* and
       here */
    'modules' => [
        'Magento_Store' => 1,
        "Acme_FraudCheck" => 0,
        'Acme_Tax' => '1',
        'Acme_Old' => false,
    ],
    'system' => array('default' => array(-1, 2.5, null, \Acme\Thing::class)),
];
