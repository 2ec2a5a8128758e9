<?php
return array (
  'modules' => 
  array (
    'Magento_Store' => 1,
    'Acme_Tax' => 0
  ),
);
