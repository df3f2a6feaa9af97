-- titre: Les communes d'hier, et celles d'aujourd'hui
-- title: The communes of yesterday, and those of today
-- définition: chaque commune qui est devenue une commune de ce territoire ou en fait partie, le jour où cela
--   s'est fait, et comment : réunion (merger), séparation (split), changement de code ou de nom ; code_after
--   et name_after sont ceux de ce jour-là, code_today celui de la commune d'aujourd'hui. Le sol, lui, est
--   découpé par les communes d'aujourd'hui à toutes les dates.
-- definition: every commune that became a commune of this territory, or a part of one, the day on which it
--   did, and how: merger, split, change of code or of name; code_after and name_after are those of that day,
--   code_today that of the commune of today. Ground is cut by the communes of today at every date.
-- source: INSEE, code officiel géographique, mouvements des communes
-- subject: all
-- needs: movements
-- unit: sans
-- columns: date, movement, code_before, name_before, code_after, name_after, code_today
SELECT date, movement, code_before, name_before, code_after, name_after, code_today
FROM movements
ORDER BY date DESC, code_after, code_before, code_today
