package phone

import (
	"regexp"
	"testing"
	"unicode"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, country, want string }{
		"E.164":                     {"+16502530000", "", "+16502530000"},
		"country does not matter":   {"+16502530000", "DE", "+16502530000"},
		"separators":                {"+1 (650) 253-0000", "US", "+16502530000"},
		"dots":                      {"650.253.0000", "US", "+16502530000"},
		"national":                  {"6502530000", "US", "+16502530000"},
		"national with its prefix":  {"1-650-253-0000", "US", "+16502530000"},
		"country in lower case":     {"6502530000", "us", "+16502530000"},
		"international prefix":      {"011 44 7911 123456", "US", "+447911123456"},
		"that of Germany":           {"0044 7911 123456", "DE", "+447911123456"},
		"German mobile":             {"0151 23456789", "DE", "+4915123456789"},
		"zero in parentheses":       {"+44 (0) 7911 123456", "US", "+447911123456"},
		"British mobile":            {"+447911123456", "", "+447911123456"},
		"Italian mobile":            {"347 1234567", "IT", "+393471234567"},
		"Chinese mobile":            {"138 1234 5678", "CN", "+8613812345678"},
		"Brazilian mobile":          {"(11) 91234-5678", "BR", "+5511912345678"},
		"Arabic digits":             {"+٤٤٧٩١١١٢٣٤٥٦", "", "+447911123456"},
		"Devanagari digits":         {"९८७६५४३२१०", "IN", "+919876543210"},
		"full-width digits":         {"＋４４　７９１１　１２３４５６", "", "+447911123456"},
		"marks of direction":        {"\u202a+44 7911 123456\u202c", "", "+447911123456"},
		"no-break space, dashes":    {"650\u00a0253‑0000", "US", "+16502530000"},
		"spaces around":             {"  +16502530000\t", "", "+16502530000"},
		"fixed line":                {"+442079460958", "", ""},
		"free of charge":            {"+18002530000", "", ""},
		"service":                   {"+80012345678", "", ""},
		"short":                     {"911", "US", ""},
		"nobody's area":             {"+15551234567", "", ""},
		"nobody's country":          {"+9991234567", "", ""},
		"too long":                  {"+16502530000123", "", ""},
		"no country":                {"6502530000", "", ""},
		"unknown country":           {"6502530000", "ZZ", ""},
		"no country at all":         {"6502530000", "a country", ""},
		"another's number":          {"015123456789", "US", ""},
		"empty":                     {"", "US", ""},
		"plus":                      {"+", "US", ""},
		"two":                       {"++16502530000", "US", ""},
		"plus inside":               {"1+6502530000", "US", ""},
		"separators only":           {" -()", "US", ""},
		"words":                     {"hello", "US", ""},
		"letters as digits":         {"650-FLOWERS", "US", ""},
		"number in a text":          {"call +16502530000", "US", ""},
		"extension":                 {"+16502530000 x3", "US", ""},
		"another extension":         {"+16502530000;ext=3", "US", ""},
		"URI":                       {"tel:+16502530000", "US", ""},
		"two numbers":               {"+16502530000,+16502530001", "US", ""},
		"fraction":                  {"½6502530000", "US", ""},
		"broken UTF-8":              {"+16502530000\xff", "US", ""},
		"more digits than dialled":  {"0000000000000000000000000", "US", ""},
		"longer than can be dialed": {"+16502530000" + string(make([]byte, 200)), "US", ""},
	} {
		got, ok := Normalize(c.text, c.country)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q in %q: %q, %t; want %q", name, c.text, c.country, got, ok, c.want)
		}
	}
}

// TestDigits holds the table of Unicode to what digitValue takes for granted.
func TestDigits(t *testing.T) {
	t.Parallel()
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%x to %x by %d", r.Lo, r.Hi, r.Stride)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%x to %x by %d", r.Lo, r.Hi, r.Stride)
		}
	}
	for text, want := range map[string]byte{"0": 0, "9": 9, "٤": 4, "९": 9, "７": 7, "𝟘": 0, "𝟟": 7, "𞥓": 3} {
		if got := digitValue([]rune(text)[0]); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestCountryOf(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{
		"en-US": "US", "en_US": "US", "EN-us": "US", "zh-Hant-TW": "TW", "zh_TW_#Hant": "TW", "de_DE.UTF-8": "DE", "de_DE@euro": "DE",
		"sr-Latn-RS": "RS", "en_US_POSIX": "US", "en-GB-oxendict": "GB", "en-UK": "GB", " fr-CA ": "CA", "pt-BR-u-ca-gregory": "BR",
		"en_US@calendar=buddhist": "US", "zh-CN": "CN", "nb-NO": "NO", "he-IL": "IL", "iw_IL": "IL",
		"pt": "", "en": "", "ja": "", "zh-Hant": "", "es-419": "", "en-001": "", "en-ZZ": "", "": "", "-": "", "_US": "", "US": "", "en-": "", "C": "",
		"C.UTF-8": "", "not a language": "", "en-US-\xff": "", "#": "", "und": "", "und-DE": "DE", "x-US": "", "en-x-us": "", "i-klingon": "",
	} {
		if got := CountryOf(lang); got != want {
			t.Errorf("%q: %q, want %q", lang, got, want)
		}
	}
}

// FuzzNormalize: whatever strangers write, the result is E.164 and stays what
// it is when normalised again, wherever that is done.
func FuzzNormalize(f *testing.F) {
	for _, text := range []string{"+1 (650) 253-0000", "015123456789", "＋４４　７９１１　１２３４５６", "\u202a+447911123456", "++1", "011 44 7911 123456", "\xff"} {
		f.Add(text, "US", "en-US")
		f.Add(text, "DE", "zh_TW_#Hant")
	}
	form := regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)
	country := regexp.MustCompile(`^([A-Z]{2})?$`)
	f.Fuzz(func(t *testing.T, text, where, lang string) {
		if c := CountryOf(lang); !country.MatchString(c) {
			t.Errorf("%q: %q", lang, c)
		}
		got, ok := Normalize(text, where)
		if ok != (got != "") {
			t.Fatalf("%q, %t", got, ok)
		}
		if !ok {
			return
		}
		if !form.MatchString(got) {
			t.Errorf("%q: %q", text, got)
		}
		for _, c := range []string{where, "", "US"} {
			if again, _ := Normalize(got, c); again != got {
				t.Errorf("%q: %q, then %q", text, got, again)
			}
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	for _, text := range []string{"6502530000", "+447911123456", "12345678901", "hello"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Normalize(text, "US")
			}
		})
	}
}
