-- titre: Consommation d'ENAF par année
-- title: ENAF consumption by year
-- définition: la consommation totale de chaque année, somme des six destinations, et sa part de
--   la surface du territoire que donne la même table (vide quand elle n'est pas connue pour
--   toutes les communes). L'année AA va du 1er janvier AA au 1er janvier AA+1.
-- definition: the whole consumption of every year, sum of the six destinations, and its share
--   of the area that the same table gives (empty where it is not known for all communes). Year
--   AA is from 1 January AA to 1 January AA+1.
-- source: Cerema, données de consommation d'espaces, d'après les fichiers fonciers (DGFiP)
-- subject: ENAF
-- unit: m², part de 0 à 1
-- columns: commune, name, year, consumed_m2, consumed_share, vintage
WITH sums AS (
  SELECT commune, name, year, SUM(area_half_cm2) AS consumed
  FROM enaf
  GROUP BY commune, name, year
)
SELECT
  s.commune, s.name, s.year, s.consumed AS consumed_half_cm2,
  CASE WHEN c.known_areas = c.communes AND c.area_half_cm2 > 0
    THEN CAST(s.consumed AS DOUBLE) / CAST(c.area_half_cm2 AS DOUBLE) END AS consumed_share,
  t.vintage
FROM sums AS s
JOIN enaf_communes AS c ON c.commune = s.commune
CROSS JOIN enaf_table AS t
ORDER BY s.commune, s.year
