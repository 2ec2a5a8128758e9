<?php
return ['backend' => ['frontName' => 'admin']];
