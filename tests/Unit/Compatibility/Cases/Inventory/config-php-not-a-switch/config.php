<?php
return [
    'modules' => [
        'Magento_Store' => 1,
        'Acme_Tax' => 'yes',
    ],
];
