<?php

// In config/services.php.

return [
    'weft' => [
        'url' => env('WEFT_URL'),
        'secret_key' => env('WEFT_SECRET_KEY'),
    ],
];
