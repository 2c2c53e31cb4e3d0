import type { RowsFormat } from '../../src/contract/pipeline.ts';

/**
 * Lists as they are, by where they come from: small ones, with invented data, of the kinds that are
 * found in public. What a spreadsheet or an export writes is no mistake; what cannot be read says why.
 */

export interface List {
  text: string | Uint8Array;
  format?: RowsFormat;
  key?: string;
  /** Source column of the input. */
  input?: string;
  skipBad?: number;
  /** Keys and inputs as they are read; or the error, beginning with its code. */
  expected: [string, unknown][] | RegExp;
  warnings?: (string | RegExp)[];
  /** Other columns that come back. */
  kept?: string[];
}

const ACME: [string, unknown] = ['ACM', 'Acme Works'];
const BRAVO: [string, unknown] = ['BRV', 'Bravo, Ltd.'];

export const LISTS: Record<string, List> = {
  'members of a stock index': {
    text: 'Symbol,Security,Founded\nACM,Acme Works,1902\nBRV,"Bravo, Ltd.",1951 (1890)\n',
    expected: [ACME, BRAVO],
    kept: ['Founded'],
  },
  'a German Excel with sep=;': {
    text: 'sep=;\r\nSymbol;Security;Umsatz\r\nACM;Acme Works;1.234,5\r\nBRV;Bravo, Ltd.;7,0\r\n',
    expected: [ACME, BRAVO],
    kept: ['Umsatz'],
  },
  'Excel with columns that were emptied': {
    text: '\uFEFFSymbol,Security,,\r\nACM,Acme Works,,\r\nBRV,"Bravo, Ltd.",,\r\n',
    expected: [ACME, BRAVO],
    warnings: [/columns 3, 4 of the header have no name/],
  },
  'Numbers with its empty rows': {
    text: 'Symbol,Security,x\nACM,Acme Works,1\nBRV,"Bravo, Ltd.",\n,,\n,,\n,,\n',
    expected: [ACME, BRAVO],
    warnings: [/3 rows without any content skipped/],
    kept: ['x'],
  },
  'a government export with a delimiter after each row': {
    text: 'Symbol;Security\nACM;Acme Works;\nBRV;Bravo, Ltd.;\n',
    expected: [ACME, BRAVO],
  },
  'a statistics office by tabs': {
    text: 'Symbol\tSecurity\t2023 \t2024 \nACM\tAcme Works\t1,5 e\t: \nBRV\tBravo, Ltd.\t2,5\t3\n',
    expected: [ACME, BRAVO],
    kept: ['2023', '2024'],
  },
  'a pivot with two totals': {
    text: 'Symbol,Security,Total,Total\nACM,Acme Works,1,2\nBRV,"Bravo, Ltd.",3,4\n',
    expected: [ACME, BRAVO],
    warnings: [/columns 3, 4 of the header are all called "Total"/],
  },
  'pandas with its index': {
    text: ',Symbol,Security,size\n0,ACM,Acme Works,1.0\n1,BRV,"Bravo, Ltd.",\n',
    expected: [ACME, BRAVO],
    warnings: [/column 1 of the header has no name: it is ignored/],
    kept: ['size'],
  },
  'pandas as JSON Lines, ids that became floats': {
    text: '{"Symbol":1.0,"Security":"Acme Works","x":0.1}\n{"Symbol":2.0,"Security":"Bravo","x":null}\n',
    format: 'jsonl',
    expected: [
      ['1', 'Acme Works'],
      ['2', 'Bravo'],
    ],
    kept: ['x'],
  },
  'Python with NaN': {
    text: '{"Symbol":"ACM","Security":"Acme Works","x":NaN}\n',
    format: 'jsonl',
    expected: /^source_unreadable: .*line 1: broken JSON at column 45: NaN is not JSON/s,
  },
  'a crawler that keeps ids of 20 digits': {
    text: '[{"Symbol":"ACM","Security":"Acme Works","post":12345678901234567890}]',
    format: 'json',
    expected: [ACME],
    kept: ['post'],
  },
  'pipe sizes with inch marks': {
    text: 'Symbol,Security,size\nACM,Acme Works,5" pipe\nBRV,"Bravo, Ltd.",6" pipe\n',
    expected: [ACME, BRAVO],
    kept: ['size'],
  },
  'quotes that are not doubled': {
    text: 'Symbol,Security\nACM,"Acme "Best" Works"\nBRV,"Bravo, Ltd."\nCHL,"The "C" Co"\n',
    expected:
      /^source_unreadable: .*2 of 3 rows cannot be used\nline 2: text behind.*\nline 4: text behind/s,
  },
  'monthly files joined by cat': {
    text: '\uFEFFSymbol,Security\nACM,Acme Works\n\uFEFFSymbol,Security\nBRV,"Bravo, Ltd."\n',
    expected: [ACME, BRAVO],
    warnings: [/the header stands again on line 3: skipped/],
  },
  'monthly files whose columns moved': {
    text: 'Symbol,Security\nACM,Acme Works\nSecurity,Symbol\n"Bravo, Ltd.",BRV\n',
    expected: /^source_unreadable: .*line 3: the header again, with its columns in another order/s,
  },
  'a table copied from a web page': {
    text: '\u200BSymbol,\u00A0Security\u00A0\nACM,Acme Works\n\u200BBRV,"Bravo, Ltd."\nCHL,\u200B\n',
    skipBad: 0.4,
    expected: [ACME, BRAVO],
    warnings: [/spaces or invisible characters around 1 keys/],
  },
  'a list from a Mac, accents in pieces': {
    text: 'Symbol,Societe\u0301\rACM,Acme Works\rBRV,"Bravo, Ltd."\r',
    input: 'Societ\u00E9',
    expected: [ACME, BRAVO],
  },
  'contacts by telephone number': {
    text: 'Phone,Security\n+49 170 1,Acme Works\n@handle,Bravo\n-5-b,Charlie\n=x,Delta\n',
    key: 'Phone',
    expected: [
      ['+49 170 1', 'Acme Works'],
      ['@handle', 'Bravo'],
      ['-5-b', 'Charlie'],
      ['=x', 'Delta'],
    ],
  },
  'a customer list with notes of several lines': {
    text: 'Symbol,Security,Notes\r\nACM,Acme Works,"called\r\n\r\n""again"""\r\nBRV,"Bravo, Ltd.",\r\n',
    expected: [ACME, BRAVO],
    kept: ['Notes'],
  },
  'leads, one without a name and one twice': {
    text: 'Symbol,Security\nACM,Acme Works\nCHL,\nBRV,"Bravo, Ltd."\nACM,Acme again\n',
    skipBad: 0.5,
    expected: [ACME, BRAVO],
  },
  'a page to sign in, saved as the list': {
    text: '<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n',
    expected: /^source_unreadable: .*this is a web page \(HTML\), not a list/,
  },
  'an export with a word before the header': {
    text: 'Report of 2031-01-01\n\nSymbol,Security\nACM,Acme Works\n',
    expected: /^rows_invalid: .*there is no column "Symbol".*columns: "Report of 2031-01-01"/s,
  },
  'Latin-1 of an old system': {
    text: Buffer.from('Symbol;Security\nACM;M\u00FCller\n', 'latin1'),
    expected: /^source_unreadable: .*line 2: bytes that are not UTF-8/,
  },
};
