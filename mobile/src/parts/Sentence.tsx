// A sentence in which no code is broken over two lines: “A01-01-” at a line's end is a different place.

const CODE = /([A-Za-z0-9]+(?:-[A-Za-z0-9]+)+)/;
const WHOLE_MAX = 24;

export function Sentence({ text }: { text: string }) {
  return (
    <>
      {text.split(CODE).map((part, index) =>
        index % 2 === 1 && part.length <= WHOLE_MAX ? (
          <span class="whole" key={`${index} ${part}`}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}
