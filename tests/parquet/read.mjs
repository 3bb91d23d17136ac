// read.mjs READER FILE: the rows of a Parquet file, as JSON Lines. Times are whole microseconds.
import { statSync, openSync, readSync } from 'node:fs'

const [reader, path] = process.argv.slice(2)

const write = rows => process.stdout.write(rows.map(row => JSON.stringify(row, plain) + '\n').join(''))
function plain(_, value) {
  return typeof value === 'bigint' ? Number(value) : value
}

async function readWithHyparquet() {
  const { parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const descriptor = openSync(path)
  const file = {
    byteLength: statSync(path).size,
    slice(start, end = this.byteLength) {
      const bytes = Buffer.alloc(end - start)
      readSync(descriptor, bytes, 0, end - start, start)
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    },
  }
  const parsers = { timestampFromNanoseconds: time => time / 1000n }
  write(await parquetReadObjects({ file, compressors, parsers }))
}

async function readWithDuckdb() {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const result = await connection.runAndReadAll(
    'SELECT * REPLACE (epoch_us(start) AS start) FROM read_parquet($1)', [path])
  write(result.getRowObjectsJS())
}

await (reader === 'duckdb' ? readWithDuckdb() : readWithHyparquet())
