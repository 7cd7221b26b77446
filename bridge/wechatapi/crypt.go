package wechatapi

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

const (
	aesKeyLen = 43 // characters
	padBlock  = 32 // bytes: twice the block of AES
	randomLen = 16
	headLen   = randomLen + 4 // and the length of the message
)

// ErrCipher is the error of what was not encrypted for this app, or not by
// WeChat.
var ErrCipher = errors.New("wechatapi: cannot be decrypted")

// Crypt encrypts and decrypts what is pushed to one app (bridges.md §C9).
type Crypt struct {
	appID string
	block cipher.Block
	iv    []byte
}

// NewCrypt takes the EncodingAESKey of the console: 43 characters.
func NewCrypt(appID, key string) (*Crypt, error) {
	if len(key) != aesKeyLen {
		return nil, errors.New("wechatapi: an EncodingAESKey has 43 characters")
	}
	// Not strict: the last character may carry bits that belong to nothing.
	raw, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		return nil, errors.New("wechatapi: an EncodingAESKey has letters and digits only")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return &Crypt{appID: appID, block: block, iv: raw[:aes.BlockSize]}, nil
}

// Decrypt returns the message in an Encrypt member, or ErrCipher.
func (c *Crypt) Decrypt(encrypted string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil || len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, ErrCipher
	}
	cipher.NewCBCDecrypter(c.block, c.iv).CryptBlocks(b, b)
	b, err = unpad(b)
	if err != nil || len(b) < headLen {
		return nil, ErrCipher
	}
	n := uint64(binary.BigEndian.Uint32(b[randomLen:headLen]))
	rest := b[headLen:]
	if n > uint64(len(rest)) || string(rest[n:]) != c.appID {
		return nil, ErrCipher
	}
	return rest[:n], nil
}

// Encrypt returns the Encrypt member of a message; random is 16 bytes.
func (c *Crypt) Encrypt(message, random []byte) string {
	b := make([]byte, 0, headLen+len(message)+len(c.appID)+padBlock)
	b = append(b, random[:randomLen]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(message)))
	b = append(b, message...)
	b = append(b, c.appID...)
	n := padBlock - len(b)%padBlock
	for range n {
		b = append(b, byte(n))
	}
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b)
}

// unpad removes PKCS#7 padding up to a multiple of 32.
func unpad(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, ErrCipher
	}
	n := int(b[len(b)-1])
	if n < 1 || n > padBlock || n > len(b) {
		return nil, ErrCipher
	}
	for _, x := range b[len(b)-n:] {
		if int(x) != n {
			return nil, ErrCipher
		}
	}
	return b[:len(b)-n], nil
}
