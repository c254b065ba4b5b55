// Linking another phone: choose the person, show the code. The link is drawn here and kept nowhere.

import { useState } from "preact/hooks";
import { run as ask } from "../api/client";
import { PeopleDocument, type PeopleQuery } from "../api/generated";
import { invite } from "../desk/acts";
import { t } from "../language";
import { told } from "../screens/route";
import { Icon } from "./Icon";
import { Qr } from "./Qr";
import { Sheet } from "./Sheet";

type Person = PeopleQuery["people"]["nodes"][number];

export function Invite() {
  const [people, setPeople] = useState<Person[] | null>(null);
  const [shown, setShown] = useState<{ link: string; name: string } | null>(null);
  const open = async () => {
    told.value = null;
    const answer = await ask(PeopleDocument, {});
    if (answer.kind === "ANSWERED")
      setPeople(answer.data.people.nodes.filter((person) => person.role !== "APP"));
    else told.value = t("settings.inviteNobody");
  };
  const show = async (person: Person) => {
    const answer = await invite(person.id);
    if (typeof answer === "string") told.value = answer;
    else setShown({ link: answer.link, name: person.name });
    setPeople(null);
  };
  return (
    <section>
      <h2>{t("settings.invite")}</h2>
      <button type="button" class="plain" onClick={() => void open()}>
        <Icon name="key" />
        {t("settings.invitePerson")}
      </button>
      {people && (
        <People people={people} onChoose={(person) => void show(person)} onClose={() => setPeople(null)} />
      )}
      {shown && (
        <Sheet title={t("settings.inviteCode", { name: shown.name })} onClose={() => setShown(null)}>
          <Qr text={shown.link} label={t("settings.inviteCode", { name: shown.name })} />
          <p>{t("settings.inviteScan", { name: shown.name })}</p>
        </Sheet>
      )}
    </section>
  );
}

interface PeopleProps {
  people: readonly Person[];
  onChoose: (person: Person) => void;
  onClose: () => void;
}

function People({ people, onChoose, onClose }: PeopleProps) {
  return (
    <Sheet title={t("settings.invitePerson")} onClose={onClose}>
      <div class="choices">
        {people.map((person) => (
          <button type="button" class="choice" key={person.id} onClick={() => onChoose(person)}>
            {person.name} <small>{t(`role.${person.role}`)}</small>
          </button>
        ))}
      </div>
    </Sheet>
  );
}
