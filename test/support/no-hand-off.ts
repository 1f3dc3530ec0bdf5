/**
 * Imported before the engine: no operation is handed off, which would be over when its call
 * returns.
 */
process.env['CAIO_HAND_OFF'] = '0'
